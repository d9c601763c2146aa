// The closing line of CI: adds up the reports of `npm test` and `npm run test:all`; the runtimes have one of their own. Arguments:
// the exit codes of both. Plain JavaScript, so that it also counts a run whose installation failed.
import { readFileSync } from 'node:fs'

const codes = process.argv.slice(2).map(Number)
let passed = 0
let failed = 0
for (const [at, names] of [['test'], ['all', 'runtimes']].entries()) {
  let here = 0
  for (const result of names.flatMap(read)) {
    passed += result.passed
    here += result.failed
    // Told again here, since a log is often seen from its end only.
    for (const what of result.failures ?? []) console.log(`failed: ${what}`)
  }
  // A command that failed without saying what failed counts as one.
  failed += codes[at] !== 0 && here === 0 ? 1 : here
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

function read(name) {
  try {
    return JSON.parse(readFileSync(new URL(`../.report/${name}.json`, import.meta.url), 'utf8'))
  } catch {
    return []
  }
}
