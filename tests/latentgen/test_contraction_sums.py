"""Is a sum that underflows done again in logarithms, even if counting its terms overflows?"""

import numpy as np

import latentgen as lg


def test_a_sum_that_underflows_over_more_terms_than_floats_can_count_is_exact():
    # Nineteen states follow each other at random, 19^500 paths; the twentieth is never reached.
    num_states, length = 20, 500
    initial = np.append(np.full(num_states - 1, 1 / (num_states - 1)), 0.0)
    move = np.tile(initial, (num_states, 1))
    word = np.full((num_states, num_states), 0.001) + 0.98 * np.eye(num_states)
    model = lg.hidden_markov(initial, move, word, length)
    context = np.arange(length)[None] % (num_states - 1)
    expected = np.log(initial @ word[:, context[0]]).sum()  # every step starts anew
    np.testing.assert_allclose(lg.contract_log_evidence(model, context), expected, rtol=1e-12)
