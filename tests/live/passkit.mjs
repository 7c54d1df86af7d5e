// Runs passkit-generator: what is to stand on passes comes in as JSON, the passes go out, and all as one.
import { text } from 'node:stream/consumers';
import { createRequire } from 'node:module';

const { home, certificates, picture, passes } = JSON.parse(await text(process.stdin));
const { PKPass } = createRequire(`${home}/`)('passkit-generator');
const written = passes.map(({ style, said, fields, barcodes, expires }) => {
  const pass = new PKPass({ 'icon.png': Buffer.from(picture, 'base64') }, certificates, said);
  pass.type = style;
  for (const [place, all] of Object.entries(fields)) pass[place].push(...all);
  if (barcodes) pass.setBarcodes(...barcodes);
  if (expires) pass.setExpirationDate(new Date(expires));
  return pass;
});
const gave = { passes: written.map((one) => one.getAsBuffer().toString('base64')) };
gave.bundle = PKPass.pack(...written).getAsBuffer().toString('base64');
process.stdout.write(JSON.stringify(gave));
