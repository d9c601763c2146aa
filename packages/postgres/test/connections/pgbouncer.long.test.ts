// Takes 25 s. With max_prepared_statements (of newer versions) fewer rules matter: pgbouncer.apart.test.ts.
import { testBehindPgBouncer } from './behind-pgbouncer.ts'

// Groups that mostly wait. Their statements are those of the others, so a pooler changes nothing of them.
const SAME = ['interruptions', 'fairness', '`storage.content` of a receiver']

testBehindPgBouncer(0, SAME)
