import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { trelloEntry } from '../src/trello.ts'
import { vectors } from './vectors.ts'

testProvider({ ...trelloEntry, vectors: vectors('trello') }, { describe, test })
