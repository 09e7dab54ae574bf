"""Looking at the running product from outside: Lighthouse over its pages, pictures for the README."""
