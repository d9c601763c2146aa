// Takes 30 s.
import { testRules } from './rules/test-rules.ts'

testRules(1)
