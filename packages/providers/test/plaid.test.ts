import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { plaidEntry } from '../src/plaid.ts'
import { vectors } from './vectors.ts'

testProvider({ ...plaidEntry, vectors: vectors('plaid') }, { describe, test })
