import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { paypalEntry } from '../src/paypal.ts'
import { vectors } from './vectors.ts'

testProvider({ ...paypalEntry, vectors: vectors('paypal') }, { describe, test })
