import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { xeroEntry } from '../src/xero.ts'
import { vectors } from './vectors.ts'

testProvider({ ...xeroEntry, vectors: vectors('xero') }, { describe, test })
