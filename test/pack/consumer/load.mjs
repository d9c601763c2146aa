// Loads each name given by import and by require: both must give the same module, with the same exports.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
for (const name of process.argv.slice(2)) {
  const imported = await import(name)
  const required = require(name)
  assert.deepEqual(Object.keys(required).toSorted(), Object.keys(imported).toSorted(), name)
  for (const key of Object.keys(imported)) {
    assert.equal(required[key], imported[key], `${name}: ${key} is another thing by require`)
  }
}
