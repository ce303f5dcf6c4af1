// Asks for the token, once for all requests that want it. It is kept in memory and nowhere else.

import { byId } from "./dom.js";

let asking = null;

export function askForToken(again) {
  asking ??= new Promise((resolve) => {
    const dialog = byId("token");
    const input = byId("token-input");
    byId("token-problem").hidden = !again;
    input.value = "";
    const submit = (event) => {
      event.preventDefault();
      byId("token-form").removeEventListener("submit", submit);
      dialog.removeEventListener("cancel", stay);
      dialog.close();
      asking = null;
      resolve(input.value.trim());
      input.value = "";
    };
    // Without a token there is nothing to see behind the dialog.
    const stay = (event) => event.preventDefault();
    byId("token-form").addEventListener("submit", submit);
    dialog.addEventListener("cancel", stay);
    dialog.showModal();
    input.focus();
  });
  return asking;
}
