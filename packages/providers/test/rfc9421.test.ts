import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { rfc9421Entry } from '../src/rfc9421.ts'
import { vectors } from './vectors.ts'

testProvider({ ...rfc9421Entry, vectors: vectors('rfc9421') }, { describe, test })
