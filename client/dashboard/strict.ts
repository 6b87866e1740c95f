/** Must be imported before anything that makes schemas: the page's policy forbids the functions that zod would compile. */
import { config } from 'zod';

config({ jitless: true });
