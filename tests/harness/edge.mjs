// Runs the worker on workerd for one test, with the bindings, assets and routes that wrangler.toml declares.
//
//   EDGE_VARS='{"ORIGIN":"http://127.0.0.1:1"}' node tests/harness/edge.mjs PORT
//
// Prints "listening URL" when it answers. Ends when its standard input does, or on SIGTERM.

import path from "node:path";
import { fileURLToPath } from "node:url";

import { Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const root = fileURLToPath(new URL("../..", import.meta.url));
const port = Number(process.argv[2]);
const vars = JSON.parse(process.env.EDGE_VARS);

const config = unstable_readConfig({ config: path.join(root, "wrangler.toml") });
const { workerOptions, main } = unstable_getMiniflareWorkerOptions(config);
const build = path.dirname(main);

const miniflare = new Miniflare({
  host: "127.0.0.1",
  port,
  // Without this it would fetch a description of this machine's place in the network from Cloudflare.
  cf: false,
  log: new Log(LogLevel.WARN),
  ...workerOptions,
  // Not `workerOptions.bindings`, which has what a developer keeps in .dev.vars.
  bindings: { ...config.vars, ...vars },
  modules: true,
  modulesRoot: build,
  scriptPath: main,
  modulesRules: [{ type: "CompiledWasm", include: ["**/*.wasm"] }],
});

async function stop() {
  await miniflare.dispose();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.stdin.on("end", stop).resume();

const url = await miniflare.ready;
console.log(`listening ${url.origin}`);
