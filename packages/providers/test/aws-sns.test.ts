import { testProvider } from '@postern/testing'
import { describe, test } from 'vitest'
import { awsSnsEntry } from '../src/entries/aws-sns.ts'
import { vectors } from './vectors.ts'

testProvider({ ...awsSnsEntry, vectors: vectors('aws-sns') }, { describe, test })
