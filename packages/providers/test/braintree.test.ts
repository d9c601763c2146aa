import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { braintreeEntry } from '../src/braintree.ts'
import { vectors } from './vectors.ts'

testProvider({ ...braintreeEntry, vectors: vectors('braintree') }, { describe, test })
