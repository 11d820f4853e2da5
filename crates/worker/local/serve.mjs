// Runs the Worker on this machine, on the runtime that Cloudflare runs it on.
//
// node serve.mjs --data DIR [--listen 127.0.0.1:8788] [--sample]
//
// ENGAGE_TOKEN_KEY is the key that tokens are signed with; ENGAGE_FIRMS names the firms that get a database, separated by commas;
// ENGAGE_PLACEMENT says, as in wrangler.jsonc, where firms are kept. Prints
// `READY <url>` once it answers, and ends in order when its standard input closes. With `--sample` it runs, in the same way, what Engage is
// measured against (sample.mjs), for the first of the firms.

import { once } from "node:events";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Miniflare } from "miniflare";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    listen: { type: "string", default: "127.0.0.1:8788" },
    bundle: { type: "string", default: fileURLToPath(new URL("../build", import.meta.url)) },
    sample: { type: "boolean", default: false },
  },
});

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(2);
}

const key = process.env.ENGAGE_TOKEN_KEY ?? "";
if (!values.data) fail("--data DIR is missing: where the objects and databases are kept");
if (Buffer.byteLength(key) < 32) fail("ENGAGE_TOKEN_KEY must have at least 32 bytes");
const firms = (process.env.ENGAGE_FIRMS ?? "").split(",").filter(Boolean);
if (firms.length === 0) fail("ENGAGE_FIRMS must name the firms, separated by commas");
let placement = {};
try {
  placement = JSON.parse(process.env.ENGAGE_PLACEMENT || "{}");
} catch (error) {
  fail(`ENGAGE_PLACEMENT must be JSON, such as {"acme":{"jurisdiction":"eu"}}: ${error.message}`);
}

const binding = (firm) => `FIRM_${firm.toUpperCase().replaceAll("-", "_")}`;
const object = (className) => ({ className, useSQLite: true });
const [host, port] = values.listen.split(":");
const data = path.resolve(values.data);

const engage = {
  modulesRoot: values.bundle,
  scriptPath: path.join(values.bundle, "index.js"),
  modulesRules: [
    { type: "ESModule", include: ["**/*.js"] },
    { type: "CompiledWasm", include: ["**/*.wasm"] },
  ],
  bindings: {
    ENGAGE_TOKEN_KEY: key,
    ENGAGE_FIRMS: firms.join(","),
    ENGAGE_PLACEMENT: placement,
    // This runtime knows no jurisdictions: they are recorded, and reported as not enforced.
    ENGAGE_JURISDICTIONS: "recorded",
  },
  durableObjects: {
    CONVERSATION: object("ConversationObject"),
    USER: object("UserObject"),
    FIRM: object("FirmObject"),
  },
  d1Databases: Object.fromEntries(firms.map((firm) => [binding(firm), `engage-${firm}`])),
};
const sample = {
  modulesRoot: fileURLToPath(new URL(".", import.meta.url)),
  scriptPath: fileURLToPath(new URL("sample.mjs", import.meta.url)),
  bindings: { FIRM: firms[0] },
  durableObjects: { CONVERSATION: object("ConversationSession") },
  d1Databases: { INDEX: `sample-${firms[0]}` },
};

const miniflare = new Miniflare({
  host,
  port: Number(port),
  cf: false,
  telemetry: { enabled: false },
  unsafeTriggerHandlers: true,
  name: "engage",
  compatibilityDate: "2026-07-01",
  modules: true,
  durableObjectsPersist: path.join(data, "objects"),
  d1Persist: path.join(data, "indexes"),
  ...(values.sample ? sample : engage),
});

const url = await miniflare.ready.catch((error) =>
  fail(error.code === "ERR_ADDRESS_IN_USE" ? `${values.listen} is in use; choose another with --listen` : error.message),
);
console.log(`READY ${url.origin}`);

process.stdin.resume();
await once(process.stdin, "end");
// What goes on after an answer, such as writing the index, comes to its end; what does not is made up for by an alarm at the next start.
await setTimeout(500);
await miniflare.dispose();
