import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the suite can tell a handler: the name of a file, and that of the file in which the handler answers. */
const ANSWERS = { wait: 'waiting', fail: 'failed', linger: 'lingering' } as const

/** A step of a handler. */
export type HandlerStep = keyof typeof ANSWERS

/** All steps. */
export const HANDLER_STEPS = Object.keys(ANSWERS) as readonly HandlerStep[]

/** Tells handlers to take a step, or to take it no longer. */
export function tell(folder: string, step: HandlerStep, on: boolean): void {
  if (!on) return rmSync(join(folder, step), { force: true })
  rmSync(join(folder, ANSWERS[step]), { force: true })
  writeFileSync(join(folder, step), '')
}

/** True while handlers are to take the step. */
export function isTold(folder: string, step: HandlerStep): boolean {
  return existsSync(join(folder, step))
}

/** Tells the suite that a handler does the step. */
export function answer(folder: string, step: HandlerStep): void {
  writeFileSync(join(folder, ANSWERS[step]), '')
}

/** True if a handler has taken the step since it was told last. */
export function hasAnswered(folder: string, step: HandlerStep): boolean {
  return existsSync(join(folder, ANSWERS[step]))
}
