import { tableLines, wrap } from './markdown.ts'
import type { Target } from './part.ts'
import { whyMissed } from './why.ts'

/** What became of a target. */
export function verdict({ got, bound, lower, tie }: Target): 'kept' | 'tie' | 'missed' {
  if (lower ? got <= bound : got >= bound) return 'kept'
  return tie !== undefined && got >= tie ? 'tie' : 'missed'
}

/** The table of targets, and below it what stands in the way of those that are missed. */
export function targetsText(targets: readonly Target[]): string {
  const missed = targets.filter((target) => verdict(target) === 'missed')
  const ties = targets.filter((target) => verdict(target) === 'tie').length
  const kept = targets.length - missed.length - ties
  const summary = `${kept} of ${targets.length} targets are kept, ${ties} are ties (closer to 1 than 1.15 either way), ${missed.length} are missed.`
  const rows = targets.map((target) => {
    const { what, got, bound, goal, lower, unit = '' } = target
    const outcome = verdict(target)
    const show = (value: number): string =>
      `${value.toFixed(target.digits ?? 2)}${unit && ` ${unit}`}`
    return [
      what,
      show(got),
      `${lower ? '≤' : '≥'} ${show(bound)}`,
      goal === undefined ? '' : show(goal),
      outcome === 'missed' ? '**missed**' : outcome,
    ]
  })
  const reasons = new Map<string, string[]>()
  for (const { what } of missed)
    reasons.set(whyMissed(what), [...(reasons.get(whyMissed(what)) ?? []), what])
  const misses = [...reasons].map(([why, names]) =>
    wrap(`- ${names.join('; ')}: *${why}*`).join('\n  '),
  )
  return [
    ...wrap(summary),
    '',
    ...tableLines(['target', 'got', 'bound', 'goal', ''], rows, [0, 4]),
    '',
    ...(misses.length > 0 ? ['What stands in the way of those missed:', '', ...misses, ''] : []),
  ].join('\n')
}
