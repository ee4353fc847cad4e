"""`form_post`: a page posts the response to the redirect URI, by itself or by its button."""

from authserver.authorization.answers.model import AuthorizationResponse
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.page import Pages


def by_form_post(url: str, answer: AuthorizationResponse, pages: Pages) -> MachineResponse:
    """Return the page whose form carries the response.

    Spec: OAUTH-FORM-POST-2
    """
    values = {
        "app_name": answer.app_name,
        "redirect_uri": url,
        "parameters": list(answer.parameters.items()),
        "languages": (),  # shown in another language it would be asked for anew, and the answer lost
    }
    return pages.render("interaction/form_post.html", values, forms_stay=False)
