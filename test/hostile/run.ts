// `npm run test:hostile`: plays every case through every adapter, and says what came of it. With a word behind it, the
// cases of that class, or with that word in their name.
import { hostileCases } from './cases.ts'
import { costOf, ofStrangers } from './cost.ts'
import { hosts } from './hosts.ts'
import { playAll } from './play.ts'
import { reportOf } from './report.ts'

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

const verdicts = []
for (const open of hosts) {
  const host = await open()
  verdicts.push(...(await playAll(cases, host)))
  await host.close()
}
const costs = []
for (const hostile of ofStrangers(cases)) costs.push(await costOf(hostile, 3))
const { lines, failed } = reportOf(cases, verdicts, costs, uncaught)
for (const line of lines) console.log(line)
process.exitCode = failed ? 1 : 0
