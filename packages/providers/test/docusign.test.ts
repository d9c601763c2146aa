import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { docusignEntry } from '../src/entries/docusign.ts'
import { vectors } from './vectors.ts'

const sign = {
  secrets: ['1ZcU3vjxkBq4', '2ZcU3vjxkBq4'],
  draft: { topic: 'envelope-completed', payload: {} },
} as const

testProvider({ ...docusignEntry, vectors: vectors('docusign'), sign }, { describe, test })
