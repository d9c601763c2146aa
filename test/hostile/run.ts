// `npm run test:hostile`: plays every case through every adapter, and says what came of it.
import { hostileCases } from './cases.ts'
import { hosts } from './hosts.ts'
import { play, type Verdict } from './play.ts'

const only = process.argv[2]
const cases = (await hostileCases()).filter(
  ({ name, class: kind }) => only === undefined || kind === only || name.includes(only),
)
let uncaught = 0
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => {
    uncaught++
    console.error(error)
  })

const verdicts: Verdict[] = []
const names: string[] = []
for (const open of hosts) {
  const host = await open()
  names.push(host.name)
  for (const hostile of cases) {
    const verdict = await play(hostile, host)
    if (verdict) verdicts.push(verdict)
  }
  await host.close()
}

const wrong = verdicts.filter((verdict) => verdict.wrong !== undefined)
const said = new Map<string, string[]>()
for (const { host, hostile, wrong: reason } of wrong) {
  const line = `${hostile.class} · ${hostile.name}: ${reason}`
  said.set(line, [...(said.get(line) ?? []), host])
}
for (const [line, where] of said) console.log(`✗ ${line} (${where.join(', ')})`)
console.log(
  `cases              ${cases.length}, in ${new Set(cases.map((one) => one.class)).size} classes`,
)
console.log(`adapters           ${names.length}: ${names.join(', ')}`)
console.log(`played             ${verdicts.length}`)
console.log(`wrongly accepted   ${verdicts.filter(({ accepted }) => accepted).length}`)
console.log(`crashed            ${verdicts.filter(({ crashed }) => crashed).length + uncaught}`)
console.log(`another reply      ${wrong.length}`)
process.exitCode = wrong.length + uncaught > 0 ? 1 : 0
