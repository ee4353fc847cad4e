"""Getting and using tokens: the token endpoint with its grant types, introspection, revocation and UserInfo."""
