import { writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Played } from './play.ts'
import { made } from '../run/made.ts'

export function writeResults(seed: number, played: readonly Played[]): void {
  const seconds = Math.round(played.reduce((sum, one) => sum + one.seconds, 0))
  const inputs = played.reduce((sum, one) => sum + one.runs, 0)
  const broken = played.filter(({ failure }) => failure !== undefined)
  const text = [
    '# Fuzz runs',
    '',
    `${made('npm test -- fuzz')} A law is broken by an error that is no \`WebhookError\`, by another value than a`,
    'second reader finds, by a changed delivery that verifies, or by a handler that ran for a spoilt request.',
    '',
    `Seed ${seed}, ${seconds} s, ${inputs} inputs, load ${loadavg()[1]!.toFixed(1)} at the end.`,
    broken.length === 0
      ? `None of ${played.length} laws was broken.`
      : `Broken: ${broken.map(({ target }) => target.name).join(', ')}.`,
    '',
    '| area | law | inputs | seconds | broken |',
    '| --- | --- | --: | --: | --- |',
    ...played.map(
      ({ target, runs, seconds: took, failure }) =>
        `| ${target.area} | ${target.name} | ${runs} | ${took.toFixed(1)} | ${failure === undefined ? 'no' : 'yes'} |`,
    ),
    '',
    '## What it does not show',
    '',
    '- Inputs are made by a seed for some seconds a law: another seed, or hours, may find more.',
    '- The laws are about one process. Kills and outages are in [other runs](../faults/RESULTS.md).',
    '',
  ].join('\n')
  writeFileSync(fileURLToPath(new URL('RESULTS.md', import.meta.url)), text)
}
