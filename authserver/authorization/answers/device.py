"""To a device: nothing travels with the browser; its page says what was done, and that the device goes on."""

from authserver.authorization.answers.model import AuthorizationResponse
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.page import Pages


def by_device(answer: AuthorizationResponse, pages: Pages) -> MachineResponse:
    """Return the page that sends the person back to their device.

    Spec: RFC8628-3.3
    """
    values = {"app_name": answer.app_name, "is_allowed": "error" not in answer.parameters, "languages": ()}
    return pages.render("interaction/device_answered.html", values)
