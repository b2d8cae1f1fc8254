/* The receipt's QR code carries number and secret behind "#", where no server and no log sees them:
   #number=…&secret=… . They are put into the form, and the address forgets them. */
(() => {
  "use strict";
  const fill = (name, value) => {
    const input = document.querySelector(`[data-track] input[name=${name}]`);
    if (input) input.value = value.replace(/[^0-9 -]/g, "").slice(0, 40);
  };
  const take = () => {
    const given = new URLSearchParams(location.hash.slice(1));
    const number = given.get("number"), secret = given.get("secret");
    if (!number || !secret) return;
    fill("number", number);
    fill("secret", secret);
    history.replaceState(null, "", location.pathname + location.search);
    const button = document.querySelector("[data-track] button.main"); // no "?.": old phones read this, too
    if (button) button.focus();
  };
  addEventListener("hashchange", take);
  take();
})();
