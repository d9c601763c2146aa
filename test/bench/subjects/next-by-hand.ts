import { nextApp } from './next-app.ts'
import type { Subject } from './subject.ts'

/** A route of Next.js, hand-written, built. */
export const subject: Subject = {
  sender: 'github',
  framework: 'next',
  path: '/hand',
  start: nextApp,
}
