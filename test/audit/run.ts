// `npm test -- audit` audits a Postern receiver of every provider, the planted receiver with each defect and without,
// Postern with ten faults, and receivers from tutorials. It writes RESULTS.md. With `--write`, it also writes the
// golden file.
import { readFileSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import type { AuditReport } from '@postern/testing/audit'
import { auditBroken, BROKEN } from './broken.ts'
import { DEFECTS } from './defects.ts'
import { auditPlanted } from './over-http.ts'
import { auditOwn, signers } from './own.ts'
import { missingFor } from './runtimes.ts'
import { auditTutorial, TUTORIALS } from './tutorials.ts'
import { writeVectors } from './vectors-page.ts'
import { made } from '../run/made.ts'

const GOLDEN = new URL('tutorials.json', import.meta.url)
const SIDE_BY_SIDE = 4
const wrong: string[] = []
const started = performance.now()

const own = await each(signers, async (about) => {
  const report = await auditOwn(about)
  expectThat(report.grade === 'A', `${about.name}: ${report.grade}, ${shown(report)}`)
  return `| ${about.title} | ${report.grade} | ${report.passed.length} | ${report.skipped.length} | ${report.requests} |`
})
const sound = await besideLoops(() =>
  each(
    Array.from({ length: 20 }, (_, at) => at + 1),
    async (seed) => {
      const report = await auditPlanted(undefined, { seed })
      expectThat(report.grade === 'A', `a sound receiver, seed ${seed}: ${shown(report)}`)
      return report
    },
  ),
)
const planted = await each(Object.entries(DEFECTS), async ([defect, id]) => {
  const report = await auditPlanted(defect)
  const found = report.findings.flatMap(({ failures }) => failures.map((one) => one.case.id))
  const isRight = id === undefined ? found.length === 0 : found.includes(id)
  expectThat(isRight, `${defect}: ${id ?? 'nothing'} expected, ${shown(report)}`)
  return `| ${defect} | ${id ?? 'not judged: the timing of a comparison'} | ${report.grade} | ${found.length} |`
})
const broken = await each(Object.entries(BROKEN), async ([name, one]) => {
  const report = await auditBroken(one)
  const isSeen = report.findings.some(({ id }) => id === one.sees)
  expectThat(isSeen, `Postern ${name}: ${one.sees} expected, ${shown(report)}`)
  return `| ${name} | ${one.sees} | ${report.grade} |`
})
const [skipped, run] = [true, false].map((isMissing) =>
  Object.keys(TUTORIALS)
    .filter((file) => (missingFor(file) !== undefined) === isMissing)
    .toSorted(),
) as [string[], string[]]
for (const file of skipped) console.log(missingFor(file))
const tutorials = await each(run, async (file) => {
  const { grade, reason, findings } = await auditTutorial(file)
  const told = findings.map(({ id, severity, failures: [worst] }) => ({
    id,
    severity,
    request: worst!.case.id,
    reply: worst!.came,
  }))
  return { file, sender: TUTORIALS[file]!, grade: grade ?? 'none', reason, findings: told }
})
wrong.push(...(await writeVectors()))
const golden = new Map(
  (JSON.parse(readFileSync(GOLDEN, 'utf8')) as typeof tutorials).map((one) => [one.file, one]),
)
if (process.argv.includes('--write')) {
  for (const one of tutorials) golden.set(one.file, one)
  const all = [...golden.values()].toSorted((one, other) => (one.file < other.file ? -1 : 1))
  writeFileSync(GOLDEN, `${JSON.stringify(all, null, 2)}\n`)
}
for (const one of tutorials) {
  const isKnown = idsOf(golden.get(one.file)) === idsOf(one)
  expectThat(isKnown, `${one.file}: ${idsOf(one)} is not as before`)
}
writeResults()
for (const line of wrong) console.log(`✗ ${line}`)
console.log(
  `${own.length} senders, ${planted.length} defects, ${broken.length} ways to break Postern, ${tutorials.length} tutorials: ${wrong.length} wrong`,
)
process.exit(wrong.length > 0 ? 1 : 0)

function idsOf(one: (typeof tutorials)[0] | undefined): string {
  const ids = one?.findings.map(({ id }) => id) ?? []
  return `${one?.grade} ${ids.toSorted().join(' ')}`
}

function expectThat(holds: boolean, told: string): void {
  if (!holds) wrong.push(told)
}

function shown({ reason, findings, unknown, unconfirmed }: AuditReport): string {
  const ids = findings.flatMap(({ failures }) =>
    failures.map((one) => `${one.case.id}: ${one.came}`),
  )
  return `${reason}; ${[...ids, ...unknown.map(({ id }) => `? ${id}`), ...unconfirmed.map((one) => `once ${one.case.id}`)].join(', ')}`
}

/** Runs several items at a time and returns their results in order. */
async function each<Item, Result>(
  items: readonly Item[],
  one: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = 0
  const work = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await one(items[at]!)
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
  return results
}

/** Runs `run` while two threads keep the CPU busy. */
async function besideLoops<Result>(run: () => Promise<Result>): Promise<Result> {
  const loops = [1, 2].map(() => new Worker('for (;;);', { eval: true }))
  try {
    return await run()
  } finally {
    await Promise.all(loops.map((loop) => loop.terminate()))
  }
}

function writeResults(): void {
  const slowest = Math.max(...sound.map(({ ms }) => ms))
  const text = `# Audits

${made('npm test -- audit')} It took ${Math.round((performance.now() - started) / 1000)} s.

${wrong.length === 0 ? 'Everything is as it must be.' : `Wrong: ${wrong.join('; ')}.`}

A sound receiver by hand, over HTTP, with 20 seeds and beside two busy loops: ${sound.filter(({ grade }) => grade === 'A').length} × A, ${sound[0]!.requests} requests, the slowest run in ${slowest} ms.

## Postern's own receivers

| sender | grade | passed | do not apply | requests |
| --- | --- | --- | --- | --- |
${own.join('\n')}

## Postern broken

| Postern | is seen by | grade |
| --- | --- | --- |
${broken.join('\n')}

## The planted receiver

| defect | is found by | grade | cases that show it |
| --- | --- | --- | --- |
${planted.join('\n')}

## Receivers as tutorials show them

Written by us after tutorials, and named by their pattern. Nobody counts their effects, so that repeats are not judged: B is the best.
${skipped.map((file) => `\n${missingFor(file)}.\n`).join('')}
| receiver | sender | grade | found |
| --- | --- | --- | --- |
${tutorials.map(({ file, sender, grade, findings }) => `| ${file} | ${sender} | ${grade} | ${findings.map(({ id, severity }) => `${severity} ${id}`).join(', ')} |`).join('\n')}

## What it does not show

Defects that no request from outside can show, such as the timing of a comparison; what a handler does with an event.
`
  writeFileSync(new URL('RESULTS.md', import.meta.url), text)
}
