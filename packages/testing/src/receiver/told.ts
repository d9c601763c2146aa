import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** For each step, the name of the file that a handler creates to show that it has reached the step. */
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

/** Returns true if a handler has reached the step since the last `tell`, which deletes the file of earlier answers. */
export function hasAnswered(folder: string, step: HandlerStep): boolean {
  return existsSync(join(folder, ANSWERS[step]))
}
