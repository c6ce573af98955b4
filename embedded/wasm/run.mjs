// node run.mjs MODULE.wasm: runs the suite in the module and asserts what it returns.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

let text = "";
const decoder = new TextDecoder();
const host = {
  print(start, length) {
    text += decoder.decode(new Uint8Array(exports.memory.buffer, start, length));
  },
};
const module = await WebAssembly.compile(await readFile(process.argv[2]));
const { exports } = await WebAssembly.instantiate(module, { host });

try {
  exports.run();
  assert.equal(exports.sum_of_children(10), 45);
  assert.throws(() => exports.fail(), WebAssembly.RuntimeError);
} catch (error) {
  console.error(text);
  throw error;
}
const [, passed] = text.match(/^([1-9]\d*) passed, 0 failed$/m) ?? assert.fail(text);
console.log(`wasm32-unknown-unknown: ${passed} passed, 0 failed`);
