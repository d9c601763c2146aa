import type { Attempt, TaskInfo } from '@postern/core/inbox'
import { shown, styled } from './terminal.ts'

/** Signs and colors of outcomes. Each outcome also has its word, since not everybody sees colors. */
const SIGNS: Readonly<
  Record<string, readonly [sign: string, format: Parameters<typeof styled>[0]]>
> = {
  done: ['●', 'green'],
  accepted: ['●', 'green'],
  pending: ['○', 'cyan'],
  retrying: ['◐', 'yellow'],
  failed: ['✕', 'red'],
  postponed: ['○', 'cyan'],
  interrupted: ['⚡', 'yellow'],
  running: ['◐', 'cyan'],
  folded: ['⊕', 'gray'],
  stale: ['⊖', 'gray'],
  dead: ['✕', 'red'],
  rejected: ['⊘', 'red'],
  duplicate: ['=', 'gray'],
  handshake: ['↺', 'gray'],
  unhandled: ['–', 'gray'],
}

export function state(name: string): string {
  const [sign, format] = SIGNS[name] ?? ['?', 'gray']
  return `${styled(format, sign)} ${shown(name, 40)}`
}

/** Returns the state of a task. If `debounce` ended the task without a run, the state is `folded` or `stale`. */
export function taskState({ state: name, into, stale }: TaskInfo): string {
  return state(into !== undefined ? 'folded' : stale ? 'stale' : name)
}

/** Returns how a run ended, in the same words as the page of the inspector. */
export function ended(outcome: Attempt['outcome']): string {
  return state({ retry: 'failed', postpone: 'postponed' }[outcome as string] ?? outcome)
}

export function claimText(topic: string | undefined): string {
  return topic === undefined ? '?' : styled('dim', `claims ${shown(topic, 60)}`)
}

export function shortId(id: string): string {
  return id.length > 24 ? `${shown(id.slice(0, 13))}…${shown(id.slice(-8))}` : shown(id)
}

/** Writes a time of day, with the date if it is not today. */
export function timeOf(at: number, now: number = Date.now()): string {
  const date = new Date(at)
  const two = (part: number): string => String(part).padStart(2, '0')
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
  if (date.toDateString() === new Date(now).toDateString()) return time
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`
}

export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/** Writes a duration with one unit, as the page does: `<0.1 ms`, `3.5 ms`, `1.2 s`. */
export function lasting(milliseconds: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ] as const
  for (const [size, unit] of units)
    if (milliseconds >= size) return `${Math.round((milliseconds / size) * 10) / 10} ${unit}`
  if (milliseconds > 0 && milliseconds < 0.05) return '<0.1 ms'
  return `${milliseconds < 9.95 ? Math.round(milliseconds * 10) / 10 : Math.round(milliseconds)} ms`
}
