import { nextApp } from './next-app.ts'
import type { Subject } from './subject.ts'

/** Postern on a route of Next.js, built. */
export const subject: Subject = {
  sender: 'github',
  framework: 'next',
  path: '/postern',
  start: nextApp,
}
