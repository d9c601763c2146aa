import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** By creating this file, a handler shows that it has reached the step. */
const ANSWERS = { wait: 'waiting', fail: 'failed', linger: 'lingering' } as const

export type HandlerStep = keyof typeof ANSWERS

export const HANDLER_STEPS = Object.keys(ANSWERS) as readonly HandlerStep[]

export function tell(folder: string, step: HandlerStep, on: boolean): void {
  if (!on) return rmSync(join(folder, step), { force: true })
  rmSync(join(folder, ANSWERS[step]), { force: true })
  writeFileSync(join(folder, step), '')
}

export function isTold(folder: string, step: HandlerStep): boolean {
  return existsSync(join(folder, step))
}

export function answer(folder: string, step: HandlerStep): void {
  writeFileSync(join(folder, ANSWERS[step]), '')
}

/** The file of an earlier answer was deleted when the test requested the step. */
export function hasAnswered(folder: string, step: HandlerStep): boolean {
  return existsSync(join(folder, ANSWERS[step]))
}
