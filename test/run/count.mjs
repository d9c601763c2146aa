// The closing line of CI: adds up the reports of `npm test`, in which the runtimes have one of their own. Argument: its exit
// code. Plain JavaScript, so that it also counts a run whose installation failed.
import { readFileSync } from 'node:fs'

const code = Number(process.argv[2])
let passed = 0
let failed = 0
for (const result of [...read('check'), ...read('runtimes')]) {
  passed += result.passed
  failed += result.failed
  // Told again here, since a log is often seen from its end only.
  for (const what of result.failures ?? []) console.log(`failed: ${what}`)
}
// A command that failed without saying what failed counts as one.
if (code !== 0 && failed === 0) failed = 1
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0

function read(name) {
  try {
    return JSON.parse(readFileSync(new URL(`../.report/${name}.json`, import.meta.url), 'utf8'))
  } catch {
    return []
  }
}
