// Runs Alipay's own SDK: a client's configuration and calls come in as JSON, what they gave goes out.
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const { home, config, calls } = JSON.parse(await text(process.stdin));
const { AlipaySdk } = await import(pathToFileURL(`${home}/node_modules/alipay-sdk/dist/esm/index.js`));
const sdk = new AlipaySdk(config);
const gave = [];
for (const [name, ...values] of calls) {
  try {
    gave.push({ value: await sdk[name](...values) });
  } catch (error) {
    gave.push({ error: error.message });
  }
}
process.stdout.write(JSON.stringify(gave));
