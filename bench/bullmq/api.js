// The PUT of a receipt, by undici: Node's own HTTP client, as a package.

import { Pool } from "undici";

function callOf({ kind, dialog, message, text }) {
  if (kind === "edit") return [`/chat/Message/${message}.json`, { chat_dialog_id: dialog, message: text }];
  return ["/chat/Message.json", { chat_dialog_id: dialog, [kind]: "1" }];
}

export function senderTo(endpoint, apiKey, connections) {
  const api = new Pool(endpoint, { connections }); // keeps its connections

  return async function send(receipt) {
    const [path, body] = callOf(receipt);
    const answer = await api.request({
      method: "PUT",
      path,
      headers: {
        "content-type": "application/json",
        authorization: `ApiKey ${apiKey}`,
        "on-behalf-of": String(receipt.user),
      },
      body: JSON.stringify(body),
    });
    await answer.body.dump(); // so that the connection can be used again
    if (answer.statusCode !== 200) throw new Error(`the API answered ${answer.statusCode}`);
  };
}
