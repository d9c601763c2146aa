import { serve } from './hand-made.ts'

serve()
