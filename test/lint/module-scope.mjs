// Imports the files given while nothing may take time, chance or a timer: Workers reject these at module scope, outside of a request
// (https://developers.cloudflare.com/workers/runtime-apis/web-standards/). Writes the files that did.
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

const used = new Set()
let file = ''
let isImporting = false
const note = (name) => isImporting && used.add(`${file}: ${name}`)

const REJECTED = [
  [globalThis, ['setTimeout', 'setInterval', 'setImmediate', 'fetch']],
  [Date, ['now']],
  [performance, ['now']],
  [Math, ['random']],
  [AbortSignal, ['timeout', 'any']],
  [crypto, ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync']],
  [Crypto.prototype, ['randomUUID', 'getRandomValues']],
]
for (const [owner, names] of REJECTED)
  for (const name of names) {
    const own = owner[name]
    Object.defineProperty(owner, name, {
      configurable: true,
      writable: true,
      value: (...given) => (note(name), Reflect.apply(own, owner, given)),
    })
  }
for (const name of ['AbortController', 'Date']) {
  const Own = globalThis[name]
  globalThis[name] = new Proxy(Own, {
    construct: (target, given, of) => (
      (name !== 'Date' || given.length === 0) && note(`new ${name}`),
      Reflect.construct(target, given, of)
    ),
  })
}
syncBuiltinESMExports()

for (file of process.argv.slice(2)) {
  isImporting = true
  await import(file)
  isImporting = false
}
process.stdout.write(JSON.stringify([...used]))
