// Shows moments in the time of the device, with its zone; without it they stand in UTC, and say so.
"use strict";

(function () {
  const language = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;
  const format = new Intl.DateTimeFormat(language, {
    day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
  });
  for (const moment of document.querySelectorAll("time[datetime]")) {
    const at = new Date(moment.dateTime);
    if (!Number.isNaN(at.getTime())) {
      moment.title = moment.textContent;
      moment.textContent = format.format(at);
    }
  }
})();
