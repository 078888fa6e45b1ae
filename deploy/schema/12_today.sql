-- Whoever reads may ask which day it is in Seoul: what is usable and what is still to come depends
-- on it.
GRANT EXECUTE ON FUNCTION today() TO PUBLIC;
