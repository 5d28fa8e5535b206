"""Predictors and the instruments of identifiability: arrays in, arrays out."""

from estimators.affine import AffineScore as AffineScore
from estimators.affine import affine_r2 as affine_r2
from estimators.folds import Folds as Folds
from estimators.folds import context_folds as context_folds
from estimators.folds import permute_contexts as permute_contexts
from estimators.intervals import Interval as Interval
from estimators.intervals import interval as interval
from estimators.laws import InformationScore as InformationScore
from estimators.laws import law_score as law_score
from estimators.laws import readout_score as readout_score
from estimators.mlp import MLP as MLP
from estimators.predictor import Predictor as Predictor
from estimators.predictor import excess_loss as excess_loss
from estimators.predictor import log_predict as log_predict
from estimators.predictor import represent_and_predict as represent_and_predict
from estimators.probes import ProbeAccuracy as ProbeAccuracy
from estimators.probes import probe_accuracy as probe_accuracy
from estimators.softmax_fit import SoftmaxFit as SoftmaxFit
from estimators.softmax_fit import fit_softmax as fit_softmax
from estimators.training import TrainConfig as TrainConfig
from estimators.training import Trained as Trained
from estimators.training import initial_params as initial_params
from estimators.training import stack_seeds as stack_seeds
from estimators.training import train as train
from estimators.whitening import Whitening as Whitening
from estimators.whitening import fit_whitening as fit_whitening
