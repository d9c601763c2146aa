import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { microsoftGraphEntry } from '../src/microsoft-graph.ts'
import { vectors } from './vectors.ts'

testProvider({ ...microsoftGraphEntry, vectors: vectors('microsoft-graph') }, { describe, test })
