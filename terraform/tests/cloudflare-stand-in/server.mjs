// A Terraform provider that only shows its schemas, in the place of Cloudflare's: enough for `terraform validate` and
// for tests in which `mock_provider` answers everything else. It reaches no network and can create nothing.
//   node server.mjs SCHEMAS

import { readFileSync, readdirSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

// Terraform sends this to every program that it starts as a provider.
const MAGIC_COOKIE = 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2';

function serve(schemaFile) {
  if (process.env.TF_PLUGIN_MAGIC_COOKIE !== MAGIC_COOKIE) {
    console.error('Terraform starts this program; it does nothing by itself.');
    process.exit(1);
  }
  const { tfplugin6, plugin } = load('tfplugin6.proto', 'controller.proto');
  const answer = schemaAnswer(JSON.parse(readFileSync(schemaFile, 'utf8')));
  const nothing = (_call, reply) => reply(null, {});

  const server = new grpc.Server();
  server.addService(tfplugin6.Provider.service, {
    GetProviderSchema: (_call, reply) => reply(null, answer),
    ValidateProviderConfig: nothing,
    ValidateResourceConfig: nothing,
    ValidateDataResourceConfig: nothing,
    ConfigureProvider: nothing,
    StopProvider: nothing,
  });
  server.addService(plugin.GRPCController.service, {
    Shutdown: (_call, reply) => {
      reply(null, {});
      server.tryShutdown(() => process.exit(0));
    },
  });
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    // Core protocol 1, provider protocol 6, and where to call.
    console.log(`1|6|tcp|127.0.0.1:${port}|grpc|`);
  });
}

function load(...files) {
  const paths = files.map((file) => new URL(file, import.meta.url).pathname);
  return grpc.loadPackageDefinition(protoLoader.loadSync(paths, { keepCase: true }));
}

/** Only the types that the configuration names: Terraform asks at every start, and all of them take it a second. */
function schemaAnswer({ provider, resources, dataSources }) {
  const files = readdirSync('.').filter((name) => name.endsWith('.tf'));
  const named = new Set(files.flatMap((name) => readFileSync(name, 'utf8').match(/cloudflare_\w+/g) ?? []));
  const shown = (all) => Object.entries(all).flatMap(([type, found]) => (named.has(type) ? [[type, schema(found)]] : []));
  return {
    provider: schema(provider),
    resource_schemas: Object.fromEntries(shown(resources)),
    data_source_schemas: Object.fromEntries(shown(dataSources)),
  };
}

function schema({ attributes }) {
  return { version: 0, block: { version: 0, attributes: attributes.map(attribute) } };
}

function attribute({ type, nesting, attributes, ...rest }) {
  if (nesting) return { ...rest, nested_type: { nesting, attributes: attributes.map(attribute) } };
  return { ...rest, type: Buffer.from(JSON.stringify(type)) };
}

serve(process.argv[2]);
