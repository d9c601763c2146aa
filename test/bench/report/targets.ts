import { table } from '../../run/page.ts'
import { wrap } from './markdown.ts'
import type { Target } from './part.ts'
import { whyMissed } from './why.ts'

export function verdict({ got, bound, lower, tie }: Target): 'kept' | 'tie' | 'missed' {
  if (lower ? got <= bound : got >= bound) return 'kept'
  return tie !== undefined && got >= tie ? 'tie' : 'missed'
}

const PEERS = /against (?:octokit|stripe|svix|standardwebhooks|bolt|tern)\b/
const SAME = /with the same duties/
const LESS = /^Postern(?: \w+)?, |against (?:hand-written|the floor|bare fast-xml-parser)/

/** Returns the ratios that readers look for first, followed by the targets. */
export function targetsText(all: readonly Target[]): string {
  const of = (pattern: RegExp): readonly Target[] => all.filter(({ what }) => pattern.test(what))
  const rest = all.filter(({ what }) => ![PEERS, SAME, LESS].some((one) => one.test(what)))
  return [
    ...(of(PEERS).length > 0
      ? section(
          'Compared with libraries that people use',
          `Requests per CPU second of Postern, divided by those of the library, on the same framework. The libraries verify and parse; Postern also deduplicates, stores a task and bounds the request. ${slower(of(PEERS))} Durable work is compared with BullMQ, pg-boss and graphile-worker on [a page of its own](engines/RESULTS.md).`,
          of(PEERS),
        )
      : []),
    ...(of(SAME).length > 0
      ? section(
          'Compared with a floor that has the same duties',
          `CPU of Postern, divided by that of a program written by hand for the same work. Below 1, Postern is cheaper. ${slower(of(SAME))}`,
          of(SAME),
        )
      : []),
    ...(of(LESS).length > 0
      ? section(
          'Compared with programs that do less',
          'Figures, not targets: these programs do not deduplicate, store, limit or time a request, and the bare parser verifies nothing. Lines with "receive()" divide CPU, so lower is better. The others divide requests per CPU second by those of a receiver written by hand on node:http (or on the same framework), so higher is better.',
          of(LESS),
        )
      : []),
    ...(rest.length > 0 ? ['## Targets', '', bounded(rest)] : []),
  ].join('\n')
}

function section(title: string, says: string, targets: readonly Target[]): readonly string[] {
  const rows = targets.map((target) => [target.what, shown(target, target.got)])
  return [`## ${title}`, '', ...wrap(says), '', table(['comparison', 'ratio'], rows, 1), '']
}

/** Returns a sentence that names the comparisons that Postern loses. */
function slower(targets: readonly Target[]): string {
  const lost = targets.filter(({ got, lower }) => (lower === true ? got > 1 : got < 1))
  const [worse, better] =
    targets[0]?.lower === true ? ['costs more', 'costs less'] : ['is slower', 'is faster']
  return lost.length === 0
    ? `Postern ${better} in each line.`
    : `Postern ${worse} in ${lost.length} of ${targets.length} lines: ${lost.map((one) => `${one.what.replace(/^Postern against |, both on \w+| with the same duties/g, '')} (${shown(one, one.got)})`).join('; ')}.`
}

function shown({ digits, unit = '' }: Target, value: number): string {
  return `${value.toFixed(digits ?? 2)}${unit && ` ${unit}`}`
}

/** Returns the table of targets, followed by explanations of the missed ones. */
function bounded(targets: readonly Target[]): string {
  const missed = targets.filter((target) => verdict(target) === 'missed')
  const ties = targets.filter((target) => verdict(target) === 'tie').length
  const kept = targets.length - missed.length - ties
  const rows = targets.map((target) => {
    const { what, got, bound, goal, lower } = target
    const outcome = verdict(target)
    return [
      what,
      shown(target, got),
      `${lower ? '≤' : '≥'} ${shown(target, bound)}`,
      goal === undefined ? '' : shown(target, goal),
      outcome === 'missed' ? '**missed**' : outcome,
    ]
  })
  const reasons = Map.groupBy(missed, ({ what }) => whyMissed(what))
  const misses = [...reasons].map(([why, those]) =>
    wrap(`- ${those.map(({ what }) => what).join('; ')}: *${why}*`).join('\n  '),
  )
  return [
    ...wrap(
      `${kept} of ${targets.length} targets are kept, ${ties} are ties (closer to 1 than 1.15 either way), ${missed.length} are missed.`,
    ),
    '',
    table(['target', 'got', 'bound', 'goal', ''], rows, 1),
    '',
    ...(misses.length > 0 ? ['What explains those missed:', '', ...misses, ''] : []),
  ].join('\n')
}
