"""The questions of each chapter: ``lesson_06`` holds ``06.q1`` ..., ``exercise_06`` holds ``ex06.q1`` ..."""
