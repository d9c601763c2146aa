import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { asanaEntry } from '../src/asana.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['b537207f20cbfa02357cf448134da559', 'another'],
  draft: { topic: 'task.changed', payload: {} },
} as const

testProvider({ ...asanaEntry, vectors: vectors('asana'), sign }, { describe, test })
