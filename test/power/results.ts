import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { CutReport } from './cuts.ts'
import type { ErrorReport } from './errors.ts'
import { made } from '../run/made.ts'

/** Writes test/power/RESULTS.md. */
export function writeResults(
  cuts: CutReport,
  errors: Readonly<Record<string, ErrorReport>>,
  wrong: readonly string[],
): void {
  const text = [
    '# Power cuts and disk errors of the SQLite inbox',
    '',
    `${made('npm test -- power')} A trace of the system calls of an app is played onto a disk that forgets what was not`,
    'synced. After each write the power is cut: what no sync came after is gone, there, torn at a sector, or zeros.',
    '',
    wrong.length === 0 ? 'Nothing that was acknowledged was lost.' : `Faults: ${wrong.join('; ')}.`,
    '',
    '## Power cuts',
    '',
    '| | |',
    '| --- | --: |',
    ...Object.entries(cuts).map(([name, value]) => `| ${words(name)} | ${value} |`),
    '',
    '## Errors of the disk',
    '',
    'strace makes the call fail for a while; `ulimit -f` is a bound of the kernel that stays.',
    '',
    '| error | deliveries | acknowledged | 503 | other replies | taken after | lost | torn | integrity |',
    '| --- | --: | --: | --: | --: | --: | --: | --: | --- |',
    ...Object.entries(errors).map(
      ([name, one]) =>
        `| ${name} | ${one.deliveries} | ${one.acknowledged} | ${one.rejected} | ${one.otherReplies} | ${one.takenAfter} | ${one.lost} | ${one.torn} | ${one.integrity} |`,
    ),
    '',
    '## What it does not show',
    '',
    '- A disk that says "synced" and is not: no program can see that.',
    '- The cut is played on a model of a disk, sector by sector; no machine lost its power.',
    '',
  ].join('\n')
  writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), text)
}

function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
