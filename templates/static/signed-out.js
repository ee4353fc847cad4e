// Goes back to the app as soon as every frame has loaded; without it the page does so after a few seconds.
"use strict";

(function () {
  window.addEventListener("load", () => window.location.replace(document.getElementById("continue").href));
})();
