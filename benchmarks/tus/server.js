// tus's own server over a folder: node server.js FOLDER. The first line on stdout is the URL of its uploads.

import { FileStore } from "@tus/file-store";
import { Server } from "@tus/server";

const [directory] = process.argv.slice(2);
const tus = new Server({ path: "/files", datastore: new FileStore({ directory }) });
const listening = tus.listen({ host: "127.0.0.1", port: 0 }, () => {
  process.stdout.write(`http://127.0.0.1:${listening.address().port}/files\n`);
});
process.on("SIGTERM", () => process.exit(0));
