import { configureGlobal } from 'fast-check'
import { beforeEach } from 'vitest'
import { SLOW } from './parts.ts'

// Properties end early: a mutant that no input of the first moments finds is found by none, mostly, and each mutant runs them all.
configureGlobal({ seed: 1, interruptAfterTimeLimit: 300, markInterruptAsFailure: false })

beforeEach(({ task, skip }) => {
  if (SLOW.includes(task.name)) skip()
})
