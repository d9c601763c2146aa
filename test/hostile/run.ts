// `npm test -- hostile` runs every case through every adapter, every rule on the whole product, and floods. It writes
// RESULTS.md. A further argument selects cases by class or by a word in their name. `rules` or `rule-1` selects only
// rules, `flood` only floods. With such an argument, RESULTS.md is not written.
import { hostileCases } from './cases.ts'
import { costOf, ofStrangers } from './cost.ts'
import { playFlood, type FloodReport } from './flood/flood.ts'
import { hosts } from './hosts.ts'
import { playAll, type Verdict } from './play.ts'
import { reportOf } from './report.ts'
import { writeResults } from './results.ts'
import { createInboxes } from './rules/inboxes.ts'
import { parts } from './rules/parts.ts'
import { reportRule, tableOf, type RuleReport } from './rules/report.ts'
import { playRule } from './rules/rule.ts'

const only = process.argv[2]
const rule = /^rules?(?:-(.+))?$/.exec(only ?? '')
const cases = (await hostileCases()).filter(
  ({ name, class: kind }) => only === undefined || kind === only || name.includes(only),
)
let uncaught = 0
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => {
    uncaught++
    console.error(error)
  })

if (only === 'flood') await flood()
else if (rule) await playRules(rule[1])
else {
  const verdicts = await playCases()
  if (only === undefined)
    writeResults({ cases, verdicts, rules: await playRules(undefined), floods: await flood() })
}

/** Floods page and receiver in parallel. */
async function flood(): Promise<readonly FloodReport[]> {
  const reports: FloodReport[] = []
  for (const inbox of ['sqlite', 'memory'] as const)
    for (const heads of ['invented', 'copied'] as const) {
      const size = { perSecond: 1000, seconds: 20, inbox, heads }
      const report = await playFlood(size)
      reports.push(report)
      const { lines, wrong } = report
      for (const line of [...wrong.map((one) => `✗ flood: ${one}`), ...lines]) console.log(line)
      if (wrong.length > 0) process.exitCode = 1
    }
  return reports
}

async function playCases(): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = []
  for (const { name, open } of hosts) {
    const began = performance.now()
    const host = await open()
    const here = await playAll(cases, host)
    await host.close()
    verdicts.push(...here)
    const wrong = here.filter((verdict) => verdict.wrong !== undefined).length
    console.log(
      `${name}: ${here.length} cases, ${wrong} wrong, in ${((performance.now() - began) / 1000).toFixed(0)} s`,
    )
  }
  const costs = []
  for (const hostile of ofStrangers(cases)) costs.push(await costOf(hostile, 3))
  const { lines, failed } = reportOf(cases, verdicts, costs, uncaught)
  for (const line of lines) console.log(line)
  if (failed) process.exitCode = 1
  return verdicts
}

async function playRules(name: string | undefined): Promise<readonly RuleReport[]> {
  const inboxes = createInboxes()
  const reports: RuleReport[] = []
  const before = uncaught
  try {
    for (const part of parts.filter((one) => name === undefined || one.rule === name))
      reports.push(reportRule(part, await playRule(part, inboxes, true)))
  } finally {
    await inboxes.close()
  }
  const wrong = reports.flatMap((report) => report.wrong)
  for (const line of [...wrong.map((one) => `✗ ${one}`), ...tableOf(reports)]) console.log(line)
  if (reports.length === 0 || wrong.length > 0 || uncaught > before) process.exitCode = 1
  return reports
}
