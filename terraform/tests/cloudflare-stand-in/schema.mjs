// Reads the schemas of Cloudflare's Terraform provider out of the typed package that was generated from it:
//   node schema.mjs PACKAGE_FOLDER OUTPUT
// The package says of each attribute whether it is required, and its accessor says the type. What this file cannot
// read is an error: an attribute left out would make a check pass that must fail.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const SCALARS = {
  getStringAttribute: 'string',
  getNumberAttribute: 'number',
  getBooleanAttribute: 'bool',
  getListAttribute: ['list', 'string'],
  getNumberListAttribute: ['list', 'number'],
  getStringMapAttribute: ['map', 'string'],
  getNumberMapAttribute: ['map', 'number'],
  getBooleanMapAttribute: ['map', 'bool'],
  getAnyMapAttribute: 'dynamic',
  interpolationForAttribute: 'dynamic',
};

const CDKTF_COLLECTIONS = {
  StringMap: ['map', 'string'],
  NumberMap: ['map', 'number'],
  BooleanMap: ['map', 'bool'],
  AnyMap: 'dynamic',
  StringListMap: ['map', ['list', 'string']],
  StringListList: ['list', ['list', 'string']],
};

// What the generator wrote above an attribute that only the provider sets, and above one that is an object.
const MARK = /\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n/g;

const GETTER = /^ {4}get (\w+)\(\) \{\n {8}return (.+);\n/gm;

/** The schema of each resource or data source in one file of the package, by its name in Terraform. */
export function schemas(source) {
  const classes = classesOf(source);
  const found = [...source.matchAll(/^(\w+)\.tfResourceType = "(\w+)"/gm)];
  return found.map(([, name, type]) => [type, { attributes: attributes(classes, name) }]);
}

function classesOf(source) {
  const parts = source.split(/^class (?=\w+ extends )/m).slice(1);
  return new Map(parts.map((body) => [body.match(/^\w+/)[0], body]));
}

function attributes(classes, name) {
  const body = classes.get(name);
  if (body === undefined) throw new Error(`class ${name} is missing`);
  const found = new Map();
  for (const mark of body.matchAll(MARK)) {
    const [computed, optional, required] = mark.slice(2).map((word) => word === 'true');
    // What must be given is not also set by the provider, whatever the mark says.
    found.set(mark[1], { name: mark[1], computed: computed && !required, optional, required, ...nested(classes, body, mark[1]) });
  }
  for (const [, property, code] of body.matchAll(GETTER)) {
    const accessor = code.match(/this\.(\w+)\(['"](\w+)['"]\)/);
    if (!accessor) continue;
    const [, method, attribute] = accessor;
    // An attribute that can be set has no mark; one that can be reset may be left out.
    const optional = body.includes(`    reset${property[0].toUpperCase()}${property.slice(1)}() {`);
    const mark = found.get(attribute) ?? { name: attribute, computed: false, optional, required: !optional };
    found.set(attribute, { ...mark, type: scalar(method, code) });
  }
  for (const { name: attribute, type, nesting } of found.values()) {
    if (!type && !nesting) throw new Error(`${name}.${attribute} has a type that is not known here`);
  }
  return [...found.values()];
}

function nested(classes, body, attribute) {
  const found = body.match(new RegExp(`= new (cdktf\\.)?(\\w+)\\(this, "${attribute}"(?:, (true|false))?\\)`));
  if (!found) return {};
  const [, cdktf, name, wrapsSet] = found;
  if (cdktf) return { type: CDKTF_COLLECTIONS[name] };
  if (name.endsWith('OutputReference')) return { nesting: 'SINGLE', attributes: attributes(classes, name) };
  const item = attributes(classes, name.replace(/(List|Map)$/, 'OutputReference'));
  if (name.endsWith('Map')) return { nesting: 'MAP', attributes: item };
  return { nesting: wrapsSet === 'true' ? 'SET' : 'LIST', attributes: item };
}

function scalar(method, code) {
  const type = SCALARS[method];
  return code.startsWith('cdktf.Fn.tolist(') && Array.isArray(type) ? ['set', type[1]] : type;
}

function main([packageFolder, output]) {
  const lib = join(packageFolder, 'lib');
  const all = { resources: {}, dataSources: {}, provider: { attributes: providerAttributes() } };
  const unreadable = {};
  for (const folder of readdirSync(lib, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (folder.name === 'provider') continue;
    const source = readFileSync(join(lib, folder.name, 'index.js'), 'utf8');
    try {
      const kind = folder.name.startsWith('data-cloudflare-') ? all.dataSources : all.resources;
      for (const [type, schema] of schemas(source)) kind[type] = schema;
    } catch (error) {
      unreadable[folder.name] = error.message;
    }
  }
  writeFileSync(output, JSON.stringify(all));
  const counts = [Object.keys(all.resources).length, Object.keys(all.dataSources).length];
  console.log(`${counts[0]} resources and ${counts[1]} data sources`);
  for (const [folder, message] of Object.entries(unreadable)) console.log(`left out: ${folder}: ${message}`);
}

/** All that this project sets of the provider itself. */
function providerAttributes() {
  return [{ name: 'api_token', type: 'string', optional: true, sensitive: true }];
}

main(process.argv.slice(2));
