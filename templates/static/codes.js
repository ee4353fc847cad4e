// Copies and prints recovery codes; without it a click selects them all, and a link keeps them in a file.
"use strict";

(function () {
  const codes = document.getElementById("recovery-codes");
  const copy = document.getElementById("copy-codes");
  const print = document.getElementById("print-codes");
  if (!codes || !copy || !print) {
    return;
  }
  print.hidden = false;
  print.addEventListener("click", () => window.print());
  if (!navigator.clipboard) {
    return;
  }
  copy.hidden = false;
  copy.addEventListener("click", () => {
    const text = Array.from(codes.querySelectorAll("code"), (code) => code.textContent).join("\n");
    navigator.clipboard.writeText(text).then(() => {
      document.getElementById("codes-status").textContent = copy.dataset.copied;
      copy.textContent = copy.dataset.copied;
    }, () => {});
  });
})();
